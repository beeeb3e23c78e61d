// The phone's own position, where the browser has it and the page came by https.
(()=>{const b=document.getElementById("here"),f=document.forms[0];
if(!b||!navigator.geolocation||!isSecureContext)return;b.hidden=false;b.onclick=()=>{b.disabled=true;
navigator.geolocation.getCurrentPosition(p=>{f.lat.value=p.coords.latitude.toFixed(6);f.lon.value=p.coords.longitude.toFixed(6);
f.place.required=false;b.textContent=b.dataset.ok},()=>{b.disabled=false;b.textContent=b.dataset.no},
{timeout:15000,maximumAge:60000,enableHighAccuracy:true})}})()
