"""A small transit feed, drawn in code: two routes of one operator, of which one has no shape."""

from __future__ import annotations

import zipfile
from pathlib import Path

#: Tables by name; tests replace what they want to break.
FEED: dict[str, str] = {
    "agency": "agency_id,agency_name,agency_url,agency_timezone,agency_lang\nA,雪みち交通,https://bus.example/,Asia/Tokyo,ja\n",
    "feed_info": "feed_publisher_name,feed_publisher_url,feed_lang,feed_start_date,feed_end_date,feed_version\n"
    "雪みち交通,https://bus.example/,ja,20260101,20260331,2026冬\n",
    "stops": "stop_id,stop_name,stop_lat,stop_lon,location_type\n"
    "S1,駅前,36.5600,136.6500,\nS2,市役所,36.5600,136.6545,0\nS3,病院前,36.5600,136.6590,0\nP,駅,36.56,136.65,1\n",
    "routes": "route_id,agency_id,route_short_name,route_long_name,route_type\nR1,A,10,病院線,3\nR2,A,,循環線,3\n",
    "trips": "route_id,service_id,trip_id,shape_id\nR1,WD,T1,SH\nR1,WD,T2,SH\nR1,WE,T3,SH\nR2,WD,T4,\n",
    "stop_times": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
    + "".join(
        f"{trip},{hour}:00:00,{hour}:00:00,S1,1\n{trip},{hour}:05:00,{hour}:05:00,S2,2\n"
        f"{trip},{hour}:10:00,{hour}:10:00,S3,3\n"
        for trip, hour in (("T1", "07"), ("T2", "24"), ("T3", "9"))
    )
    + "T4,08:00:00,08:00:00,S3,1\nT4,08:10:00,08:10:00,S1,2\n",
    "calendar": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
    "WD,1,1,1,1,1,0,0,20260101,20260331\nWE,0,0,0,0,0,1,1,20260101,20260331\n",
    "calendar_dates": "service_id,date,exception_type\nWD,20260112,2\nWE,20260112,1\n",
    "shapes": "shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence\n"
    "SH,36.5600,136.6500,1\nSH,36.5600,136.6545,2\nSH,36.5600,136.6590,3\n",
    "translations": "table_name,field_name,language,translation,record_id,field_value\n"
    "stops,stop_name,en,Station,S1,\nroutes,route_long_name,en,Hospital Line,R1,\n"
    "stops,stop_name,en,City Hall,,市役所\nagency,agency_name,en,Yukimichi Bus,A,\n",
}


def write_feed(path: Path, bom: bool = False, folder: str = "", **tables: str | None) -> Path:
    """Write the feed as a zip file; tables by keyword replace those of FEED, None leaves one out."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in (FEED | tables).items():
            if text is not None:
                archive.writestr(f"{folder}{name}.txt", (b"\xef\xbb\xbf" if bom else b"") + text.encode())
    return path
